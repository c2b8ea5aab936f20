import { useState } from "react";
import { useAddress, useHandle } from "../../../app/context";
import { call } from "../../../api/client";
import { useChange } from "../../../api/use";
import { bare, randomSlug } from "../../../core/links";
import { Button, ButtonLink } from "../../../ui/Button";
import { copy, CopyButton } from "../../../ui/Copy";
import { Form } from "../../../ui/form";
import { TextBox } from "../../../ui/fields";
import { Card } from "../../../ui/Page";

/** A short link for an address, in one step; its slug is random. */
export function QuickCreate() {
  const handle = useHandle();
  const address = useAddress();
  const [destination, setDestination] = useState("");
  const create = useChange(async (destinationUrl: string) => {
    const path = { handle, slug: randomSlug() };
    const { data } = await call("put", "/v2/handles/{handle}/links/{slug}", { path, body: { destinationUrl }, headers: { "if-none-match": "*" } });
    return data;
  });
  const submit = () =>
    create.mutate(destination.trim(), {
      onSuccess: (link) => {
        setDestination("");
        void copy(link.shortUrl);
      },
    });
  return (
    <Card title="Quick link" actions={<ButtonLink kind="quiet" size="small" href={address("attribution/links/new")}>All settings</ButtonLink>}>
      <Form problem={create.error} shown={["destinationUrl"]} onSubmit={submit}>
        {(fault) => (
          <>
            <div className="row">
              <div className="grow"><TextBox label="Destination" hideLabel type="url" placeholder="https://…" value={destination} onChange={setDestination} {...fault("destinationUrl")} /></div>
              <Button type="submit" isDisabled={!destination.trim() || create.isPending}>Shorten</Button>
            </div>
            {create.data && (
              <p className="row" role="status">
                <a href={create.data.shortUrl} target="_blank" rel="noreferrer">{bare(create.data.shortUrl)}</a>
                <CopyButton text={create.data.shortUrl} label="Copy the short address" />
              </p>
            )}
          </>
        )}
      </Form>
    </Card>
  );
}
