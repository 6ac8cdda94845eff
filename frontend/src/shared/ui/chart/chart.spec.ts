import { describe, expect, it } from "vitest";
import { BarList, ChartFigure, REST_ID, seriesColor, stack } from "./index";
import { tooltipElement } from "./tooltip";
import { render } from "../../../../tests/mounting";

const cell = (bucket: string, seriesId: string, amount: string) => ({
  bucket,
  seriesId,
  seriesName: seriesId.toUpperCase(),
  amount,
});

describe("stack", () => {
  it("puts the largest series first and fills the gaps", () => {
    const { series } = stack(
      ["1", "2"],
      [cell("1", "a", "0.1"), cell("2", "b", "3"), cell("1", "b", "0.2"), cell("9", "a", "5")],
      8,
      "Others",
    );
    expect(series).toEqual([
      { id: "b", name: "B", amounts: ["0.2", "3"], total: "3.2" },
      { id: "a", name: "A", amounts: ["0.1", "0"], total: "0.1" },
    ]);
  });

  it("sums up what is beyond the colours there are", () => {
    const cells = ["a", "b", "c", "d"].map((id, index) => cell("1", id, String(10 - index)));
    const { series } = stack(["1"], cells, 3, "Others");
    expect(series.map((row) => [row.id, row.total])).toEqual([
      ["a", "10"],
      ["b", "9"],
      [REST_ID, "15"],
    ]);
  });
});

describe("tooltip", () => {
  it("never reads a name as HTML", () => {
    const box = tooltipElement("Today", [{ color: "red", name: "<img src=x onerror=alert(1)>", text: "1.00" }], "1.00");
    expect(box.querySelector("img")).toBeNull();
    expect(box.textContent).toContain("<img src=x");
  });
});

describe("parts of a chart", () => {
  it("offer the figures as a table", async () => {
    const wrapper = render(ChartFigure, { slots: { chart: "<i>picture</i>", table: "<b>numbers</b>" } });
    expect(wrapper.text()).toContain("picture");
    await wrapper.find("input[value=table]").setValue();
    expect(wrapper.text()).toContain("numbers");
    expect(wrapper.text()).not.toContain("picture");
  });

  it("rank parts by name, amount and bar", () => {
    const items = [{ id: "a", name: "sonnet", text: "9.90 · 57%", share: 0.57 }];
    const wrapper = render(BarList, { props: { items, colored: true } });
    expect(wrapper.text()).toContain("sonnet");
    expect(wrapper.find(".fill").attributes("style")).toContain("57%");
    expect(seriesColor(99)).toBe("var(--ccm-chart-rest)");
  });
});
