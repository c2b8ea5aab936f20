import type { Fault } from "../api/problem";
import { ACTIONS, GROUPS, isSegment, type ActionType, type ChainRule, type ChainRuleBody, type Condition, type Group, type When } from "./chain";
import { exactNumber, writeExact, type Decimal } from "./decimal";
import { JsonReader, jsonFaultText, readJson } from "./jsonText";
import { inTurn } from "./turn";

/** The units of a window, in seconds. */
export const SPANS = [
  { id: "1", name: "seconds" },
  { id: "60", name: "minutes" },
  { id: "3600", name: "hours" },
  { id: "86400", name: "days" },
] as const;
type Span = (typeof SPANS)[number]["id"];

/** A condition while it is edited; `id` follows it. */
export type SignalForm = { id: string; kind: "signals"; signalKey: string; values: string[]; minCount: string; within: string; span: Span; minConfidence: string };
export type SegmentForm = { id: string; kind: "segment"; segments: string[] };
export type ConditionForm = SignalForm | SegmentForm;

/** A chain rule while it is edited. */
export type ChainForm = {
  ruleId: string;
  trigger: string;
  priority: string;
  ttlSeconds: string;
  enabled: boolean;
  when: Record<Group, ConditionForm[]>;
  action: { type: ActionType; destinationUrl: string; title: string; text: string; label: string; data: string };
};

/** The names of the form's fields as the API names them. */
export const CHAIN_FIELDS = ["ruleId", "trigger", "priority", "ttlSeconds", "enabled", "when", "action"] as const;

const TYPES = ACTIONS.map(({ id }) => id);

/** An empty condition of a kind. */
export const emptyCondition = (kind: ConditionForm["kind"], id: string): ConditionForm =>
  kind === "segment" ? { id, kind, segments: [] } : { id, kind, signalKey: "", values: [], minCount: "", within: "", span: "3600", minConfidence: "" };

/** An id that no condition of the form has. */
export function freshId({ when }: ChainForm): string {
  const taken = GROUPS.flatMap(({ id }) => when[id]).map(({ id }) => Number(id.slice(1)));
  return `n${Math.max(0, ...taken.map((number) => number + 1))}`;
}

function windowOf(digits: string): Pick<SignalForm, "within" | "span"> {
  const seconds = /^\d+$/.test(digits) ? Number(digits) : NaN;
  const span = [...SPANS].reverse().find(({ id }) => seconds > 0 && seconds % Number(id) === 0);
  return span ? { within: String(seconds / Number(span.id)), span: span.id } : { within: digits, span: digits ? "1" : "3600" };
}

function conditionForm(reader: JsonReader, value: unknown, path: string, id: string): ConditionForm {
  const isOfSegment = value !== null && typeof value === "object" && "segmentIn" in value;
  if (isOfSegment) {
    const { segmentIn } = reader.members(value, path, ["segmentIn"]);
    return { id, kind: "segment", segments: reader.list(segmentIn, `${path}.segmentIn`, (one, at) => reader.text(one, at)) };
  }
  const known = reader.members(value, path, ["signalKey", "signalValueIn", "minCount", "withinSeconds", "minConfidence"]);
  return {
    id,
    kind: "signals",
    signalKey: reader.text(known["signalKey"], `${path}.signalKey`),
    values: reader.list(known["signalValueIn"], `${path}.signalValueIn`, (one, at) => reader.text(one, at)),
    minCount: reader.number(known["minCount"], `${path}.minCount`),
    ...windowOf(reader.number(known["withinSeconds"], `${path}.withinSeconds`)),
    minConfidence: reader.number(known["minConfidence"], `${path}.minConfidence`),
  };
}

/** The form of a rule's body as JSON, and what of it a form cannot hold. */
export function formOfJson(ruleId: string, value: unknown): { form: ChainForm; faults: Fault[] } {
  const reader = new JsonReader();
  const rule = reader.members(value ?? [], "", CHAIN_FIELDS.slice(1));
  const when = reader.members(rule["when"], "when", GROUPS.map(({ id }) => id));
  const action = reader.members(rule["action"], "action", ["type", "destinationUrl", "title", "text", "label", "data"]);
  let number = 0;
  const group = (id: Group): ConditionForm[] => reader.list(when[id], `when.${id}`, (one, path) => conditionForm(reader, one, path, `n${number++}`));
  if (action["data"] != null) reader.members(action["data"], "action.data", Object.keys(action["data"]));
  const text = (name: string): string => reader.text(action[name], `action.${name}`);
  const form: ChainForm = {
    ruleId,
    trigger: reader.text(rule["trigger"], "trigger"),
    priority: reader.number(rule["priority"], "priority"),
    ttlSeconds: reader.number(rule["ttlSeconds"], "ttlSeconds"),
    enabled: reader.flag(rule["enabled"], "enabled", true),
    when: { all: group("all"), any: group("any"), none: group("none") },
    action: {
      type: reader.one(action["type"], "action.type", TYPES, "banner"),
      destinationUrl: text("destinationUrl"), title: text("title"), text: text("text"), label: text("label"),
      data: action["data"] == null ? "" : writeExact(action["data"], 2),
    },
  };
  return { form, faults: reader.faults };
}

/** A rule as JSON, as it is written: without its name, which is in the path. */
export function ruleJson(rule: ChainRule): string {
  const { trigger, priority, enabled, when, action, ttlSeconds } = rule;
  return writeExact({ trigger, priority, enabled, when: trimmed(when), action, ttlSeconds }, 2);
}

const trimmed = (when: When): When => Object.fromEntries(GROUPS.map(({ id }) => [id, when[id] ?? []] as const).filter(([, list]) => list.length > 0));

/** The form of a rule. */
export function chainForm(rule: ChainRule): ChainForm {
  const read = readJson(ruleJson(rule));
  return formOfJson(rule.ruleId, "value" in read ? read.value : {}).form;
}

/** The form of a new rule; it comes after the others of its trigger. */
export function newChainForm(trigger: string, others: readonly ChainRule[]): ChainForm {
  const last = inTurn(others.filter((rule) => rule.trigger === trigger)).at(-1)?.priority ?? 0;
  const priority = Math.min(1_000_000, (Math.floor(last / 10) + 1) * 10);
  return {
    ruleId: "", trigger, priority: String(priority), ttlSeconds: "300", enabled: true,
    when: { all: [], any: [], none: [] },
    action: { type: "banner", destinationUrl: "", title: "", text: "", label: "", data: "" },
  };
}

/** A number with its digits; whatever else is typed goes as it is, so that the API names the field. */
function typed(text: string): unknown {
  const digits = text.trim();
  return /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(digits) ? exactNumber(digits as Decimal) : digits;
}

const filled = (parts: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== "" && !(Array.isArray(value) && value.length === 0)));

function conditionBody(form: ConditionForm): Condition {
  if (form.kind === "segment") return { segmentIn: form.segments };
  const within = form.within.trim();
  const seconds = /^\d{1,9}$/.test(within) ? typed(String(Number(within) * Number(form.span))) : typed(within);
  const parts = filled({ signalValueIn: form.values, minCount: typed(form.minCount), withinSeconds: seconds, minConfidence: typed(form.minConfidence) });
  return { signalKey: form.signalKey.trim(), ...parts } as Condition;
}

/** The body that a form stands for. */
export function chainBody(form: ChainForm): ChainRuleBody {
  const { type, data, destinationUrl, ...texts } = form.action;
  const made = data.trim() ? readJson(data) : null;
  const when = Object.fromEntries(GROUPS.map(({ id }) => [id, form.when[id].map(conditionBody)] as const).filter(([, list]) => list.length > 0));
  const action = { type, ...filled({ destinationUrl: destinationUrl.trim(), ...texts }), ...(made && "value" in made ? { data: made.value } : {}) };
  const rest = filled({ priority: typed(form.priority), ttlSeconds: typed(form.ttlSeconds) });
  return { trigger: form.trigger.trim(), ...rest, enabled: form.enabled, when, action } as ChainRuleBody;
}

/** The body as JSON text, for people. */
export const bodyJson = (form: ChainForm): string => writeExact(chainBody(form), 2);

/** What can be seen to be wrong before asking the API. */
export function chainFaults(form: ChainForm): Fault[] {
  const made = form.action.data.trim() ? readJson(form.action.data) : null;
  if (!made) return [];
  if ("fault" in made) return [{ field: "action.data", message: jsonFaultText(made.fault) }];
  const reader = new JsonReader();
  reader.members(made.value ?? [], "action.data", made.value && typeof made.value === "object" ? Object.keys(made.value) : []);
  return reader.faults;
}

/** The rule that a form stands for, as decisions see it: for sentences, the look of its action and previews. */
export const draftRule = (form: ChainForm): ChainRuleBody & { ruleId: string } => ({ ...chainBody(form), ruleId: form.ruleId.trim() || "new-rule" });

/** A form's conditions as those of a rule; what is not filled in yet is left out. */
export function whenOf({ when }: Pick<ChainForm, "when">): When {
  const list = (id: Group): Condition[] =>
    when[id].filter((one) => (one.kind === "segment" ? one.segments.length > 0 : one.signalKey.trim() !== "")).map(conditionBody).map(plain);
  return { all: list("all"), any: list("any"), none: list("none") };
}

/** Numbers as numbers again. */
function plain(condition: Condition): Condition {
  if (isSegment(condition)) return condition;
  const number = (value: unknown): number | undefined => (value == null ? undefined : Number(String(value)));
  const [minCount, withinSeconds, minConfidence] = [number(condition.minCount), number(condition.withinSeconds), number(condition.minConfidence)];
  const known = { minCount, withinSeconds, minConfidence };
  const usable = Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined && !Number.isNaN(value)));
  return { signalKey: condition.signalKey, ...(condition.signalValueIn ? { signalValueIn: condition.signalValueIn } : {}), ...usable };
}
