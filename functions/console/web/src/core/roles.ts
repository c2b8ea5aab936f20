export type Role = "CREATOR" | "OPERATOR" | "OWNER";

const RANK: Record<Role, number> = { CREATOR: 0, OPERATOR: 1, OWNER: 2 };

/** What needs more than to be a collaborator: the least role for each. The API judges; the console only does not offer it. */
const LEAST = {
  adjust: "OPERATOR",
  webhooks: "OPERATOR",
  deliveries: "OPERATOR",
  tokens: "OPERATOR",
  audit: "OPERATOR",
  collaborators: "OWNER",
  transfer: "OWNER",
  remove: "OWNER",
} as const satisfies Record<string, Role>;

export type Action = keyof typeof LEAST;

/** Whether a role suffices for an action. */
export const may = (role: Role | undefined, action: Action): boolean => role !== undefined && RANK[role] >= RANK[LEAST[action]];

/** The least role for an action. */
export const leastRole = (action: Action): Role => LEAST[action];
