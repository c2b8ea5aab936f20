export type Fault = { field: string; message: string };

/** An answer with its text. */
export type Answered = { response: Response; text: string };

export const answered = async (response: Response): Promise<Answered> => ({ response, text: await response.text() });

/** The object that a text is as JSON; an empty one if it is none, as of a server between the console and the API. */
function object(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return value && typeof value === "object" ? value : {};
  } catch {
    return {};
  }
}

/** What the API refused, or that it could not be reached. */
export class Problem extends Error {
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly code: string;
  readonly requestId: string | null;
  readonly fields: readonly Fault[];
  /** Seconds to wait, where the answer says so. */
  readonly retryAfter: number | null;
  /** The moment from which the same request may succeed, where the answer says so. */
  readonly retryAt: number | null;
  /** The least plan that opens a feature, where the answer says so. */
  readonly requiredPlan: string | null;

  constructor(status: number, body: Readonly<Record<string, unknown>>, retryAfter: number | null = null) {
    const text = (name: string): string | null => (typeof body[name] === "string" ? body[name] : null);
    super(text("message") ?? "The answer says no reason.");
    this.status = status;
    this.code = text("error") ?? "unknown";
    this.requestId = text("requestId");
    this.requiredPlan = text("requiredPlan");
    this.fields = Array.isArray(body["fields"]) ? (body["fields"] as Fault[]) : [];
    this.retryAfter = retryAfter;
    this.retryAt = retryAfter === null ? null : Date.now() + retryAfter * 1000;
  }

  static unreachable(): Problem {
    return new Problem(0, { error: "unreachable", message: "The server cannot be reached. What you typed is kept." });
  }

  static of({ response, text }: Answered): Problem {
    const retryAfter = Number(response.headers.get("retry-after")) || null;
    return new Problem(response.status, { message: `The server answered ${response.status}.`, ...object(text) }, retryAfter);
  }

  /** Whether the same request may succeed later. */
  get temporary(): boolean {
    return this.status === 0 || this.status >= 500;
  }
}

/** Any thrown value as a problem. */
export const problemOf = (thrown: unknown): Problem =>
  thrown instanceof Problem ? thrown : new Problem(0, { error: "unexpected", message: String(thrown) });
