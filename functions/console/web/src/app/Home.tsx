import { useState } from "react";
import { Link, Redirect, useLocation } from "wouter";
import { call } from "../api/client";
import { useChange, useGet } from "../api/use";
import { remembered } from "../core/device";
import { Button } from "../ui/Button";
import { TextBox } from "../ui/fields";
import { SkeletonPage } from "../ui/Skeleton";
import { Failed } from "../ui/states";
import { signOut } from "../auth/session";

/** Leads to a page of the handle that was used last; without any handle, to the creation of one. */
export function Home({ page = "overview" }: { page?: string }) {
  const handles = useGet("/v2/handles", { query: { limit: 100 } });
  if (handles.problem) return <main className="signin"><Failed problem={handles.problem} again={handles.again} /></main>;
  if (!handles.data) return <SkeletonPage />;
  // One that is deleted is shown where nothing else is left.
  const { items } = handles.data;
  const names = [...items.filter(({ deletion }) => !deletion), ...items.filter(({ deletion }) => deletion)].map(({ handle }) => handle);
  const last = remembered("handle");
  const target = last && items.some(({ handle, deletion }) => handle === last && !deletion) ? last : names[0];
  return target ? <Redirect to={`/${target}/${page}`} replace /> : <FirstHandle />;
}

function FirstHandle() {
  const [handle, setHandle] = useState("");
  const [, navigate] = useLocation();
  const account = useGet("/v2/account");
  const create = useChange((name: string) => call("post", "/v2/handles", { body: { handle: name } }));
  const fault = create.error?.fields.find(({ field }) => field === "handle")?.message ?? create.error?.message;
  return (
    <main className="signin">
      <form
        className="signin-card stack"
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate(handle, { onSuccess: () => navigate(`/${handle}/attribution/get-started`) });
        }}
      >
        <h1>Choose a handle</h1>
        <p className="muted">Your short links live under it: <code>{handle || "handle"}.…/slug</code>. It cannot be changed later.</p>
        <TextBox label="Handle" value={handle} onChange={setHandle} {...(fault ? { error: fault } : {})} />
        <div className="row">
          <Button type="submit" kind="primary" isDisabled={handle.length < 3 || create.isPending}>Create</Button>
          <Button onPress={signOut}>Sign out</Button>
        </div>
        {account.data?.platformAdmin && <Link href="/home/platform">Platform administration</Link>}
      </form>
    </main>
  );
}
