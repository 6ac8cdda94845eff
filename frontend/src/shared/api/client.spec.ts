import { AxiosError } from "axios";
import { afterEach, describe, expect, it, vi } from "vitest";
import { api, ApiError, bindContext, download, toApiError } from "./index";
import { calls, lastCall, reply } from "../../../tests/fakeServer";

const problem = {
  type: "about:blank",
  title: "Unprocessable Content",
  status: 422,
  code: "input.invalid",
  detail: "Look at the fields.",
  request_id: "req_1",
  errors: [{ pointer: "/body/name", code: "field.missing", detail: "Give a name." }],
};

afterEach(() => bindContext({ workspaceId: () => null, onUnauthenticated: () => undefined }));

describe("api", () => {
  it("fills paths, leaves out empty queries and sends bodies", async () => {
    reply("PATCH /v1/keys/key_1%2F2", { data: { id: "key_1" } });
    await api.patch("/v1/keys/{key_id}", { path: { key_id: "key_1/2" }, body: { name: "New" } });
    expect(lastCall()?.body).toEqual({ name: "New" });

    reply("GET /v1/keys", { data: { items: [], next_cursor: null } });
    await api.get("/v1/keys", { query: { limit: 25, cursor: undefined } });
    expect(lastCall()?.query).toEqual({ limit: 25 });
  });

  it("names the workspace and the attempt", async () => {
    bindContext({ workspaceId: () => "ws_1" });
    reply("POST /v1/keys", { status: 201, data: {} });
    await api.post("/v1/keys", { body: { name: "A" }, idempotencyKey: "once" });
    expect(lastCall()?.headers).toMatchObject({ "X-Workspace": "ws_1", "Idempotency-Key": "once" });
  });

  it("turns a problem document into a typed error", async () => {
    reply("POST /v1/keys", { status: 422, data: problem });
    const error = await api.post("/v1/keys", { body: { name: "" } }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      status: 422,
      code: "input.invalid",
      detail: "Look at the fields.",
      requestId: "req_1",
    });
    expect((error as ApiError).field("name")).toBe("Give a name.");
    expect((error as ApiError).field("other")).toBeUndefined();
  });

  it("tells the session when it has ended", async () => {
    const onUnauthenticated = vi.fn();
    bindContext({ onUnauthenticated });
    reply("GET /v1/me", { status: 401, data: { ...problem, code: "unauthenticated" } });
    await expect(api.get("/v1/me")).rejects.toMatchObject({ status: 401 });
    expect(onUnauthenticated).toHaveBeenCalledOnce();
  });

  it("fetches files with the workspace named", async () => {
    bindContext({ workspaceId: () => "ws_2" });
    reply("GET /v1/usage/export", { data: new Blob(["a,b"]) });
    const file = await download("/v1/usage/export", { format: "csv" });
    expect(file.size).toBe(3);
    expect(calls[0]).toMatchObject({ query: { format: "csv" }, headers: { "X-Workspace": "ws_2", Accept: "*/*" } });
  });
});

describe("toApiError", () => {
  it("knows a lost network and a time-out from an answer", () => {
    expect(toApiError(new AxiosError("x", AxiosError.ERR_NETWORK))).toMatchObject({
      status: 0,
      code: "network.unreachable",
      passing: true,
    });
    expect(toApiError(new AxiosError("x", AxiosError.ECONNABORTED)).code).toBe("network.timeout");
    expect(toApiError(new AxiosError("x", AxiosError.ERR_CANCELED)).code).toBe("client.cancelled");
  });

  it("copes with anything", () => {
    const known = new ApiError(409, "grant.over", "");
    expect(toApiError(known)).toBe(known);
    expect(toApiError(new TypeError("odd"))).toMatchObject({
      code: "client.unexpected",
      detail: "odd",
      passing: false,
    });
    expect(toApiError("odd").code).toBe("client.unexpected");
  });

  it("names an answer that is no problem document by its status", async () => {
    reply("GET /v1/me", { status: 502, data: "<html>" });
    await expect(api.get("/v1/me")).rejects.toMatchObject({ code: "http.502", passing: true, errors: [] });
  });
});
