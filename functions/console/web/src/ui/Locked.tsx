import type { ReactNode } from "react";
import { useAddress } from "../app/context";
import type { Schema } from "../api/client";
import { ButtonLink } from "./Button";
import { Card } from "./Page";
import { Empty } from "./states";

/** What the plan of the handle's owner does not include, and which one does. */
export function Locked({ title, plan, present, children }: { title: string; plan: Schema["Plan"]; present: Schema["Plan"]; children: ReactNode }) {
  const address = useAddress();
  return (
    <Card>
      <Empty title={`${title} need the plan ${plan}`} action={<ButtonLink icon="lock" href={address("settings/plan")}>See the plans</ButtonLink>}>
        {children} This handle is on {present}.
      </Empty>
    </Card>
  );
}
