import type { paths } from "./schema";

/** Types of requests and answers, read off the generated OpenAPI document by path and method. */

export type Method = "get" | "post" | "patch" | "put" | "delete";

type Operation<P extends keyof paths, M extends Method> = paths[P][M];

export type PathWith<M extends Method> = {
  [P in keyof paths]: paths[P][M] extends { responses: unknown } ? P : never;
}[keyof paths];

type JsonOf<R> = R extends { content: { "application/json": infer T } } ? T : never;

/** `undefined` where the document knows no such part. */
type Known<T> = [NonNullable<T>] extends [never] ? undefined : NonNullable<T>;

type SuccessOf<R> = { [S in keyof R]: S extends 200 | 201 | 202 ? JsonOf<R[S]> : never }[keyof R];

/** What a successful call answers; `undefined` where there is no JSON body. */
export type Answer<P extends keyof paths, M extends Method = "get"> =
  Operation<P, M> extends { responses: infer R } ? Known<SuccessOf<R>> : never;

export type Body<P extends keyof paths, M extends Method = "post"> =
  Operation<P, M> extends { requestBody?: infer B } ? Known<JsonOf<NonNullable<B>>> : undefined;

export type Query<P extends keyof paths, M extends Method = "get"> =
  Operation<P, M> extends { parameters: { query?: infer Q } } ? Known<Q> : undefined;

export type PathParameters<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { parameters: { path?: infer T } } ? Known<T> : undefined;

/** One element of a list endpoint. */
export type Item<P extends PathWith<"get">> = Answer<P> extends { items: (infer T)[] } ? T : never;

export interface Page<T> {
  items: T[];
  next_cursor?: string | null;
}
