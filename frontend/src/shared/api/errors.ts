import { AxiosError } from "axios";

/** One bad field of a request: a JSON pointer, a stable code, a sentence. */
export interface FieldProblem {
  pointer: string;
  code: string;
  detail: string;
}

interface Problem {
  status?: number;
  code?: string;
  title?: string;
  detail?: string;
  request_id?: string | null;
  errors?: FieldProblem[] | null;
}

/** A failed call, whatever failed: the server's problem document, or the network before it. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    /** HTTP status; 0 when no answer came. */
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly errors: readonly FieldProblem[] = [],
    readonly requestId: string | null = null,
  ) {
    super(detail || code);
  }

  /** Whether the same request may succeed if it is sent again a little later. */
  get passing(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }

  /** The sentence for one field of a form, by the last part of its pointer. */
  field(name: string): string | undefined {
    return this.errors.find((problem) => problem.pointer.split("/").at(-1) === name)?.detail;
  }
}

function isProblem(data: unknown): data is Problem {
  return typeof data === "object" && data !== null && ("code" in data || "detail" in data);
}

function fromAnswer(status: number, data: unknown): ApiError {
  if (!isProblem(data)) return new ApiError(status, `http.${status}`, "");
  const errors = Array.isArray(data.errors) ? data.errors : [];
  const detail = typeof data.detail === "string" ? data.detail : (data.title ?? "");
  return new ApiError(status, data.code ?? `http.${status}`, detail, errors, data.request_id ?? null);
}

/** Makes an `ApiError` of whatever was thrown; an unknown thing becomes code `client.unexpected`. */
export function toApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (thrown instanceof AxiosError) {
    if (thrown.response) return fromAnswer(thrown.response.status, thrown.response.data);
    if (thrown.code === AxiosError.ERR_CANCELED) return new ApiError(0, "client.cancelled", "");
    const timedOut = thrown.code === AxiosError.ECONNABORTED || thrown.code === AxiosError.ETIMEDOUT;
    return new ApiError(0, timedOut ? "network.timeout" : "network.unreachable", "");
  }
  return new ApiError(-1, "client.unexpected", thrown instanceof Error ? thrown.message : "");
}
