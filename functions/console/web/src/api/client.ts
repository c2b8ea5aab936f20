import { send } from "../auth/session";
import { apiOrigin } from "../auth/config";
import { parseExact, writeExact } from "../core/decimal";
import { address } from "./address";
import { takeAhead } from "./ahead";
import { answered, Problem, type Answered } from "./problem";
import type { components, paths } from "./schema";

/** The types of the API's document by name. */
export type Schema = components["schemas"];

export type Verb = "get" | "post" | "put" | "delete";
type Operation<P extends keyof paths, V extends Verb> = NonNullable<paths[P][V]>;
/** The paths that answer to a verb. */
export type PathFor<V extends Verb> = { [P in keyof paths]: paths[P][V] extends object ? P : never }[keyof paths];

type Parameters<O, In extends string> = O extends { parameters: infer All } ? (In extends keyof All ? NonNullable<All[In]> : never) : never;
type Json<T> = T extends { content: { "application/json": infer Body } } ? Body : undefined;
type Success<O> = O extends { responses: infer R } ? Json<R[keyof R & (200 | 201 | 202)]> : never;
/** What an operation answers when it succeeds. */
export type Answer<P extends keyof paths, V extends Verb = "get"> = Success<Operation<P, V>>;
/** What an operation takes as its body. */
export type Body<P extends keyof paths, V extends Verb> =
  Operation<P, V> extends { requestBody?: infer R } ? Json<NonNullable<R>> : undefined;

export type Query<P extends keyof paths, V extends Verb = "get"> = Parameters<Operation<P, V>, "query">;
export type InPath<P extends keyof paths, V extends Verb = "get"> = Parameters<Operation<P, V>, "path">;

/** A request: everything that the cURL beside a table has to show. */
export type Request = { verb: Verb; address: string; body?: unknown; headers?: Readonly<Record<string, string>>; open?: boolean };

export type Received<T> = { data: T; etag: string | null; status: number };

/** What a successful answer says. */
export function received<T>({ response, text }: Answered): Received<T> {
  const data = (text ? parseExact(text) : undefined) as T;
  return { data, etag: response.headers.get("etag"), status: response.status };
}

/** Sends a request and reads the answer; throws a `Problem` for anything but success. */
export async function exchange<T>(request: Request, signal?: AbortSignal): Promise<Received<T>> {
  const headers = new Headers(request.headers);
  const init: RequestInit = { method: request.verb.toUpperCase(), headers, ...(signal ? { signal } : {}) };
  if (request.body !== undefined) {
    headers.set("content-type", "application/json");
    init.body = writeExact(request.body);
  }
  const ahead = request.verb === "get" ? takeAhead(request.address) : undefined;
  const answer = await (ahead ?? send(apiOrigin() + request.address, init, request.open).then(answered));
  if (!answer.response.ok) throw Problem.of(answer);
  return received(answer);
}

type Options<P extends keyof paths, V extends Verb> = {
  path?: InPath<P, V>;
  query?: Query<P, V>;
  body?: Body<P, V>;
  headers?: Record<string, string>;
  signal?: AbortSignal;
};

/** Calls one operation of the API, typed by its document. */
export function call<P extends PathFor<V>, V extends Verb>(verb: V, path: P, options: Options<P, V> = {}): Promise<Received<Answer<P, V>>> {
  const { body, headers, signal } = options;
  const request: Request = { verb, address: address(path, options.path, options.query), ...(headers ? { headers } : {}), body };
  return exchange<Answer<P, V>>(request, signal);
}
