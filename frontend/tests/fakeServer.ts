import { AxiosError, AxiosHeaders, type AxiosResponse, type InternalAxiosRequestConfig } from "axios";

/** Stands where the network would be: answers by "METHOD path", and remembers what was asked. */

export interface Call {
  method: string;
  path: string;
  query: Record<string, unknown>;
  body: unknown;
  headers: Record<string, unknown>;
}

type Reply = { status?: number; data?: unknown } | Error;
type Handler = (call: Call) => Reply;

const routes = new Map<string, Handler>();
export const calls: Call[] = [];

export function reply(route: string, answer: Reply | Handler): void {
  routes.set(route, typeof answer === "function" ? answer : () => answer);
}

export function resetServer(): void {
  routes.clear();
  calls.length = 0;
}

export function lastCall(): Call | undefined {
  return calls.at(-1);
}

function readBody(data: unknown): unknown {
  return typeof data === "string" ? JSON.parse(data) : data;
}

export async function fakeAdapter(config: InternalAxiosRequestConfig): Promise<AxiosResponse> {
  const call: Call = {
    method: (config.method ?? "get").toUpperCase(),
    path: config.url ?? "",
    query: (config.params ?? {}) as Record<string, unknown>,
    body: readBody(config.data),
    headers: AxiosHeaders.from(config.headers).toJSON(),
  };
  calls.push(call);
  const answer = routes.get(`${call.method} ${call.path}`)?.(call) ?? { status: 404, data: {} };
  if (answer instanceof Error) throw answer;
  const status = answer.status ?? 200;
  const response: AxiosResponse = { data: answer.data, status, statusText: "", headers: {}, config };
  if (status < 400) return response;
  throw new AxiosError(`status ${status}`, AxiosError.ERR_BAD_RESPONSE, config, null, response);
}
