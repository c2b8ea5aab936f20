export type Role = "CREATOR" | "OPERATOR" | "OWNER";

const RANK: Record<Role, number> = { CREATOR: 0, OPERATOR: 1, OWNER: 2 };

/** Every role from the least to the greatest; each may do what the ones before may. */
export const ROLES: readonly { id: Role; name: string; text: string }[] = [
  { id: "CREATOR", name: "Creator", text: "Makes links, campaigns and rules, and reads every report." },
  { id: "OPERATOR", name: "Operator", text: "Also corrects conversions, connects other systems, and reads the audit." },
  { id: "OWNER", name: "Owner", text: "Also decides who works on the handle. Its plan and its writes are those of the owner's account." },
];

/** What is done in a handle, and the least role for it. The API judges; the console only does not offer what a role may not do. */
const ACTIONS = {
  read: { least: "CREATOR", text: "Read links, campaigns, reports, conversions, exports and notifications" },
  links: { least: "CREATOR", text: "Create, change and delete links and campaigns" },
  rules: { least: "CREATOR", text: "Change personalization rules and chain rules, and read sessions" },
  people: { least: "CREATOR", text: "See who works on the handle, its plan and its writes" },
  adjust: { least: "OPERATOR", text: "Adjust conversions: refunds and corrections" },
  webhooks: { least: "OPERATOR", text: "Connect webhooks and rotate their secrets" },
  deliveries: { least: "OPERATOR", text: "Read deliveries and send them again" },
  tokens: { least: "OPERATOR", text: "Create and revoke access tokens" },
  audit: { least: "OPERATOR", text: "Read the audit: who changed what" },
  collaborators: { least: "OWNER", text: "Add, change and remove collaborators" },
  transfer: { least: "OWNER", text: "Transfer the handle to a collaborator, delete and restore it" },
  privacy: { least: "OWNER", text: "Erase and export a person's data" },
} as const satisfies Record<string, { least: Role; text: string }>;

export type Action = keyof typeof ACTIONS;

/** Whether a role suffices for an action. */
export const may = (role: Role | undefined, action: Action): boolean => role !== undefined && RANK[role] >= RANK[ACTIONS[action].least];

/** Who may do an action, for those who may not. */
export const whoMay = (action: Action): string => ({ CREATOR: "Everyone who works on it", OPERATOR: "An OPERATOR or its OWNER", OWNER: "Its OWNER" })[ACTIONS[action].least];

/** Every action in words, in the order of the role that it needs. */
export const ACTION_LIST: readonly { id: Action; text: string }[] = (Object.keys(ACTIONS) as Action[]).map((id) => ({ id, text: ACTIONS[id].text }));
