import { useMemo, useState } from "react";
import { useLocation, useParams } from "wouter";
import { useAddress, useHandle, useZone } from "../../../app/context";
import { call } from "../../../api/client";
import { Problem } from "../../../api/problem";
import { useChange, useGet } from "../../../api/use";
import { bodyOf, faultsOf, formOf, FIELDS, type LinkForm, type Password } from "../../../core/linkForm";
import { randomSlug, type Link } from "../../../core/links";
import { Button, ButtonLink } from "../../../ui/Button";
import { Form, useDraft } from "../../../ui/form";
import { Page } from "../../../ui/Page";
import { PageOf } from "../../../ui/PageOf";
import { toast } from "../../../ui/toasts";
import { Availability } from "./Availability";
import { Basics } from "./Basics";
import { Conflict } from "./Conflict";
import { Rules } from "./Rules";
import { Social } from "./Social";
import { TrackingFields } from "./TrackingFields";
import { WhatHappens } from "./WhatHappens";

/** The form of the button in the head of the page. */
const FORM = "link";

/** What a section of the form gets. */
export type SectionProps = {
  form: LinkForm;
  set: (parts: Partial<LinkForm>) => void;
  fault: (field: string) => { name: string; error?: string };
  link: Link | null;
};

/** A new link whose slug exists already: a fault of that field. */
function slugTaken(problem: Problem | null): Problem | null {
  if (problem?.status !== 412) return problem;
  return new Problem(412, { error: problem.code, message: problem.message, requestId: problem.requestId, fields: [{ field: "slug", message: "There is a link with this slug already." }] });
}

/** Creates a link, or edits the one in the address. */
export default function Builder() {
  const { slug } = useParams<{ slug?: string }>();
  // What is typed as a time is one of the zone it was shown in.
  const zone = useZone();
  return slug ? <Edit key={slug + zone} slug={slug} /> : <Editor key={zone} link={null} etag={null} />;
}

function Edit({ slug }: { slug: string }) {
  const link = useGet("/v2/handles/{handle}/links/{slug}", { path: { slug } });
  return <PageOf of={link} title={`Edit ${slug}`}>{(data) => <FirstRead link={data} etag={link.etag} />}</PageOf>;
}

/** Keeps editing the version that was read first, whatever is read later. */
function FirstRead(props: { link: Link; etag: string | null }) {
  const [{ link, etag }] = useState(props);
  return <Editor link={link} etag={etag} />;
}

function Editor(first: { link: Link | null; etag: string | null }) {
  // The version that is edited: after a merge, that of the others.
  const [{ link, etag }, setVersion] = useState(first);
  const handle = useHandle();
  const zone = useZone();
  const address = useAddress();
  const [, navigate] = useLocation();
  const [slug] = useState(randomSlug);
  const initial = useMemo(() => formOf(link, slug, zone), [link, slug, zone]);
  const draft = useDraft<LinkForm>(`${handle}/links/${first.link ? `${first.link.slug}@${first.link.version}` : "new"}/${zone}`, initial);
  // Never a part of the draft: a password is stored nowhere.
  const [password, setPassword] = useState<Password>(undefined);
  const form = draft.value;
  const faults = faultsOf(form);
  const save = useChange(async () => {
    // Creating refuses a slug that is taken; saving refuses if others have saved meanwhile.
    const headers: Record<string, string> = etag ? { "if-match": etag } : { "if-none-match": "*" };
    const path = { handle, slug: form.slug.trim() };
    return (await call("put", "/v2/handles/{handle}/links/{slug}", { path, body: bodyOf(form, zone, link, password), headers })).data;
  });
  const submit = () => {
    if (faults.length) return;
    save.mutate(undefined, {
      onSuccess: (saved) => {
        draft.discard();
        toast(link ? "Saved." : `${saved.slug} is created.`);
        navigate(address(`attribution/links/${saved.slug}`));
      },
    });
  };
  const conflict = link !== null && save.error?.status === 412;
  const set = (parts: Partial<LinkForm>) => draft.set({ ...form, ...parts });
  const back = link ? `attribution/links/${link.slug}` : "attribution/links";
  const actions = (
    <>
      <ButtonLink href={address(back)}>Cancel</ButtonLink>
      <Button kind="primary" type="submit" form={FORM} isDisabled={save.isPending || !form.destinationUrl.trim()}>{link ? "Save" : "Create link"}</Button>
    </>
  );
  return (
    <Page title={link ? `Edit ${link.slug}` : "New link"} note="Saving costs one write." actions={actions}>
      {draft.restored && (
        <p className="alert">
          <span>What you typed before is restored.</span>
          <Button size="small" onPress={draft.discard}>Start over</Button>
        </p>
      )}
      {conflict && (
        <Conflict
          base={link}
          mine={form}
          onClose={save.reset}
          onMerge={(merged, theirs, tag) => {
            draft.set(merged);
            setVersion({ link: theirs, etag: tag });
            save.reset();
          }}
        />
      )}
      <Form problem={conflict ? null : slugTaken(save.error)} shown={FIELDS} faults={faults} onSubmit={submit} className="builder" id={FORM}>
        {(fault) => {
          const section = { form, set, fault, link };
          return (
            <>
            <div className="stack">
              <Basics {...section} />
              <Rules rules={form.rules} onChange={(rules) => set({ rules })} destination={form.destinationUrl} faults={save.error?.fields ?? []} />
              <Availability {...section} password={password} setPassword={setPassword} />
              <TrackingFields {...section} />
              <Social {...section} />
            </div>
            <div className="builder-side stack">
              <WhatHappens slug={form.slug.trim()} draft={bodyOf(form, zone, link)} rules={form.rules} stored={link !== null} />
            </div>
            </>
          );
        }}
      </Form>
    </Page>
  );
}
