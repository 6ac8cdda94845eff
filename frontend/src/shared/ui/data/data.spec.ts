import { describe, expect, it, vi } from "vitest";
import { CreditAmount, DataTable, SecretOnce, TimeText, type Column } from "./index";
import PagerBar from "./PagerBar.vue";
import { render } from "../../../../tests/mounting";
import { ApiError } from "@/shared/api";

interface Row {
  id: number;
  name: string;
  size: number;
}

const columns: Column<Row>[] = [
  { key: "name", label: "Name", heading: true, text: (row) => row.name },
  { key: "size", label: "Size", align: "end", text: (row) => String(row.size), compare: (a, b) => a.size - b.size },
];
const rows: Row[] = [
  { id: 1, name: "middle", size: 2 },
  { id: 2, name: "small", size: 1 },
  { id: 3, name: "large", size: 3 },
];
const table = (props: object) =>
  render(DataTable, { props: { caption: "Things", columns, rows, rowKey: (row: Row) => row.id, ...props } });
const names = (wrapper: ReturnType<typeof table>) => wrapper.findAll("tbody th").map((cell) => cell.text());

describe("DataTable", () => {
  it("is a real table with a caption, headings and labels for its cards", () => {
    const wrapper = table({ total: { name: "Total", size: "6" } });
    expect(wrapper.find("caption").text()).toBe("Things");
    expect(wrapper.findAll("thead th").map((cell) => cell.text())).toEqual(["Name", "Size"]);
    expect(wrapper.find("tbody td").attributes("data-label")).toBe("Size");
    expect(wrapper.find("tfoot").text()).toContain("6");
  });

  it("sorts on demand, and the other way round the second time", async () => {
    const wrapper = table({});
    await wrapper.find("button.sort").trigger("click");
    expect(names(wrapper)).toEqual(["small", "middle", "large"]);
    expect(wrapper.findAll("thead th")[1]?.attributes("aria-sort")).toBe("ascending");
    await wrapper.find("button.sort").trigger("click");
    expect(names(wrapper)).toEqual(["large", "middle", "small"]);
  });

  it("cuts what is too long into pages", async () => {
    const wrapper = table({ pageSize: 2 });
    expect(names(wrapper)).toEqual(["middle", "small"]);
    await wrapper.findAll("nav button").at(-1)?.trigger("click");
    expect(names(wrapper)).toEqual(["large"]);
  });

  it("shows that it waits, that there is nothing, and what went wrong", async () => {
    const wrapper = table({ pending: true, rows: [] });
    expect(wrapper.find("table").attributes("aria-busy")).toBe("true");
    expect(wrapper.findAll(".waiting").length).toBeGreaterThan(5);
    await wrapper.setProps({ pending: false, emptyTitle: "No things" } as never);
    expect(wrapper.text()).toContain("No things");
    const retry = vi.fn();
    await wrapper.setProps({ error: new ApiError(503, "server.busy", "Busy.", [], "req_7"), retry } as never);
    expect(wrapper.find("[role=alert]").text()).toContain("req_7");
    await wrapper.find("[role=alert] button").trigger("click");
    expect(retry).toHaveBeenCalledOnce();
  });
});

describe("PagerBar", () => {
  const pages = { pageNumber: 1, hasNext: false, hasPrevious: false, rowCount: 3, next: vi.fn(), previous: vi.fn() };

  it("hides where everything fits", () => {
    expect(
      render(PagerBar, { props: { pages, limit: 25 } })
        .find("nav")
        .exists(),
    ).toBe(false);
  });

  it("leads on and lets the reader choose how many rows", async () => {
    const wrapper = render(PagerBar, { props: { pages: { ...pages, hasNext: true }, limit: 25 } });
    await wrapper.findAll("button").at(-1)?.trigger("click");
    expect(pages.next).toHaveBeenCalledOnce();
    await wrapper.find("select").setValue("100");
    expect(wrapper.emitted("update:limit")).toEqual([[100]]);
  });
});

describe("small cells", () => {
  it("round an amount and keep the whole of it in reach", () => {
    const wrapper = render(CreditAmount, { props: { amount: "12.345678901", signed: true } });
    expect(wrapper.text()).toBe("+12.35");
    expect(wrapper.find("span").attributes("title")).toBe("12.345678901");
  });

  it("mark up a time for machines, or say that there is none", () => {
    expect(
      render(TimeText, { props: { at: "2026-11-23T07:00:00.000Z" } })
        .find("time")
        .attributes("datetime"),
    ).toBe("2026-11-23T07:00:00.000Z");
    expect(render(TimeText, { props: { at: null, none: "never" } }).text()).toBe("never");
  });

  it("show a secret with its warning", () => {
    const wrapper = render(SecretOnce, { props: { secret: "ccm_1", label: "Secret", copyLabel: "Copy secret" } });
    expect(wrapper.text()).toContain("only once");
    expect(wrapper.find("code").text()).toBe("ccm_1");
    expect(wrapper.find("button").text()).toBe("Copy secret");
  });
});
