import axios, { type AxiosRequestConfig } from "axios";
import { toApiError, type ApiError } from "./errors";
import type { Answer, Body, Method, PathParameters, PathWith, Query } from "./types";
import type { paths } from "./schema";

/** The one way to the server: axios underneath, types from the OpenAPI document on top. */

type Part<K extends string, T> = [T] extends [undefined] ? unknown : Record<K, T>;

export type CallOptions<P extends keyof paths, M extends Method> = Part<"path", PathParameters<P, M>> &
  Part<"body", Body<P, M>> & {
    query?: Query<P, M>;
    signal?: AbortSignal;
    /** Repeating a call with the same key changes nothing the second time. */
    idempotencyKey?: string;
  };

interface AnyOptions {
  path?: Record<string, string>;
  query?: Record<string, unknown>;
  body?: unknown;
  signal?: AbortSignal;
  idempotencyKey?: string;
}

type Arguments<P extends keyof paths, M extends Method> =
  object extends CallOptions<P, M> ? [options?: CallOptions<P, M>] : [options: CallOptions<P, M>];

const http = axios.create({
  timeout: 30_000,
  xsrfCookieName: "ccm_csrf",
  xsrfHeaderName: "X-CSRF-Token",
  headers: { Accept: "application/json" },
});

interface Context {
  /** The workspace that every call is about; null means the personal one. */
  workspaceId: () => string | null;
  onUnauthenticated: (error: ApiError) => void;
  /** Asks the person to prove who they are; tells whether they did, and the call is worth repeating. */
  onStepUp: () => Promise<boolean>;
  /** A second factor must be set up before anything else is answered. */
  onFactorRequired: () => void;
}

const context: Context = {
  workspaceId: () => null,
  onUnauthenticated: () => undefined,
  onStepUp: () => Promise.resolve(false),
  onFactorRequired: () => undefined,
};

/** Lets the session tell the client which workspace is meant and learn when it has ended. */
export function bindContext(changes: Partial<Context>): void {
  Object.assign(context, changes);
}

function fill(path: string, values: Record<string, string> = {}): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ""));
}

function given(query: Record<string, unknown> = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value != null && value !== ""));
}

function headersOf(options: AnyOptions): Record<string, string> {
  const workspaceId = context.workspaceId();
  return {
    ...(workspaceId ? { "X-Workspace": workspaceId } : {}),
    ...(options.idempotencyKey ? { "Idempotency-Key": options.idempotencyKey } : {}),
  };
}

async function send<T>(method: Method, path: string, options: AnyOptions, more?: AxiosRequestConfig): Promise<T> {
  try {
    return await sendOnce<T>(method, path, options, more);
  } catch (thrown) {
    const error = toApiError(thrown);
    if (error.code !== "auth.step_up_required" || !(await context.onStepUp())) throw error;
    // Nothing was done the first time: the proof is asked for before anything is.
    return await sendOnce<T>(method, path, options, more);
  }
}

async function sendOnce<T>(method: Method, path: string, options: AnyOptions, more?: AxiosRequestConfig): Promise<T> {
  try {
    const answer = await http.request<T>({
      method,
      url: fill(path, options.path),
      params: given(options.query),
      data: options.body,
      signal: options.signal,
      headers: headersOf(options),
      ...more,
    });
    return answer.data;
  } catch (thrown) {
    const error = toApiError(thrown);
    if (error.status === 401) context.onUnauthenticated(error);
    if (error.code === "auth.factor_required") context.onFactorRequired();
    throw error;
  }
}

function caller<M extends Method>(method: M) {
  return <P extends PathWith<M>>(path: P, ...[options]: Arguments<P, M>): Promise<Answer<P, M>> =>
    send(method, path, (options ?? {}) as AnyOptions);
}

export const api = {
  get: caller("get"),
  post: caller("post"),
  patch: caller("patch"),
  put: caller("put"),
  delete: caller("delete"),
};

/** Fetches a file as the server streams it; the workspace header keeps plain links from doing so. */
export function download<P extends PathWith<"get">>(path: P, query: Query<P, "get">): Promise<Blob> {
  const options: AnyOptions = { query: { ...(query as object) } };
  return send("get", path, options, {
    responseType: "blob",
    timeout: 0,
    headers: { ...headersOf(options), Accept: "*/*" },
  });
}
