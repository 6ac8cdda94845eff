import { flushPromises } from "@vue/test-utils";
import { ElMessage } from "element-plus";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ref } from "vue";
import { announce, announcement, randomToken, useAction, useErrorText, usePages } from "./index";
import { i18n, quietQueries, runComposable } from "../../../tests/mounting";
import { ApiError, type Page } from "@/shared/api";

afterEach(() => {
  i18n.global.locale.value = "en";
  ElMessage.closeAll();
});

describe("usePages", () => {
  const all = Array.from({ length: 60 }, (_, index) => index);
  const fetch = vi.fn(
    async ({ limit, cursor }: { limit: number; cursor: string | undefined }): Promise<Page<number>> => {
      const start = Number(cursor ?? 0);
      return {
        items: all.slice(start, start + limit),
        next_cursor: start + limit < all.length ? String(start + limit) : null,
      };
    },
  );

  it("walks forwards and back by cursor", async () => {
    const { result: pages } = runComposable(() => usePages(["numbers"], fetch));
    expect(pages.pending.value).toBe(true);
    await flushPromises();
    expect(pages.rows.value).toHaveLength(25);
    expect(pages.hasPrevious.value).toBe(false);
    pages.next();
    await flushPromises();
    expect(pages.rows.value[0]).toBe(25);
    pages.next();
    await flushPromises();
    expect([pages.pageNumber.value, pages.rows.value.length, pages.hasNext.value]).toEqual([3, 10, false]);
    pages.next();
    pages.previous();
    await flushPromises();
    expect([pages.pageNumber.value, pages.rows.value[0]]).toEqual([2, 25]);
  });

  it("starts again when the question or the page size changes", async () => {
    const filter = ref("a");
    const { result: pages } = runComposable(() => usePages(() => ["numbers", filter.value], fetch));
    await flushPromises();
    pages.next();
    await flushPromises();
    filter.value = "b";
    await flushPromises();
    expect(pages.pageNumber.value).toBe(1);
    pages.setLimit(50);
    await flushPromises();
    expect(pages.rows.value).toHaveLength(50);
  });

  it("says what failed", async () => {
    const failing = () => Promise.reject(new ApiError(503, "server.busy", ""));
    const { result: pages } = runComposable(() => usePages(["broken"], failing));
    await flushPromises();
    expect(pages.error.value).toMatchObject({ code: "server.busy" });
    expect(pages.rows.value).toEqual([]);
  });
});

const messages = () => [...document.querySelectorAll(".el-message__content")].map((one) => one.textContent);

describe("useAction", () => {
  it("does it, says so and makes the named queries stale", async () => {
    const queries = quietQueries();
    const invalidate = vi.spyOn(queries, "invalidateQueries");
    const onDone = vi.fn();
    const use = () =>
      useAction(async (input: number) => input * 2, {
        done: (answer, input) => `${input} became ${answer}`,
        refresh: [["numbers"]],
        onDone,
      });
    const { result: action } = runComposable(use, { queries });
    action.mutate(4);
    await flushPromises();
    expect(onDone).toHaveBeenCalledWith(8);
    expect(invalidate).toHaveBeenCalledWith({ queryKey: ["numbers"] });
    expect(messages()).toEqual(["4 became 8"]);
  });

  it("says a failure unless the form shows it", async () => {
    const fail = () => Promise.reject(new ApiError(409, "grant.over", "Nothing is left."));
    const loud = runComposable(() => useAction(fail)).result;
    loud.mutate(undefined as never);
    await flushPromises();
    expect(messages()).toEqual(["Nothing is left."]);
    ElMessage.closeAll();
    document.body.replaceChildren();
    const quiet = runComposable(() => useAction(fail, { quiet: true })).result;
    quiet.mutate(undefined as never);
    await flushPromises();
    expect(messages()).toEqual([]);
    expect(quiet.error.value).toMatchObject({ code: "grant.over" });
  });
});

describe("useErrorText", () => {
  it("prefers the server's words in English and ours elsewhere", () => {
    const { result: text } = runComposable(useErrorText);
    const known = new ApiError(422, "input.invalid", "Look at the fields.");
    const unknown = new ApiError(409, "thing.odd", "An odd thing.");
    expect(text(known)).toBe("Look at the fields.");
    i18n.global.locale.value = "zh";
    expect(text(known)).toBe("部分字段需要修改。");
    expect(text(unknown)).toBe("An odd thing.");
  });

  it("has words where the server had none", () => {
    const { result: text } = runComposable(useErrorText);
    expect(text(new ApiError(0, "network.unreachable", ""))).toContain("cannot be reached");
    expect(text(new ApiError(500, "http.500", ""))).toContain("http.500");
  });
});

describe("small helpers", () => {
  it("announce the same words twice", () => {
    announce("Saved");
    const first = announcement.value;
    announce("Saved");
    expect(announcement.value).not.toBe(first);
    expect(announcement.value.trim()).toBe("Saved");
  });

  it("make tokens that differ", () => {
    expect(randomToken(9)).toMatch(/^[0-9a-f]{18}$/);
    expect(randomToken()).not.toBe(randomToken());
  });
});
