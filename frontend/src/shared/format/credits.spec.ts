import { describe, expect, it } from "vitest";
import { compareCredits, digitsFor, fromNano, isZero, shareOf, sumCredits, toNano } from "./credits";

describe("credits", () => {
  it("read and write every digit", () => {
    for (const text of ["0", "12.5", "0.000000001", "-3.2", "4000000000.123456789", "9007199254740993.000000001"]) {
      expect(fromNano(toNano(text))).toBe(text);
    }
    expect(fromNano(toNano("12.500"))).toBe("12.5");
  });

  it("refuse what is not a decimal number", () => {
    for (const text of ["", "1e5", "NaN", "1.2.3", "0.0000000001", " 1"])
      expect(() => toNano(text)).toThrow(SyntaxError);
  });

  it("add up where floats would not", () => {
    expect(sumCredits(["0.1", "0.2"])).toBe("0.3");
    expect(sumCredits(Array.from({ length: 1000 }, () => "0.000000001"))).toBe("0.000001");
    expect(sumCredits([])).toBe("0");
  });

  it("compare, largest first", () => {
    expect(["2", "10", "-1", "10.000000001"].toSorted(compareCredits)).toEqual(["10.000000001", "10", "2", "-1"]);
    expect(isZero("0.000")).toBe(true);
    expect(isZero("-0.000000001")).toBe(false);
  });

  it("know the part of a whole", () => {
    expect(shareOf("1", "3")).toBe(0.3333);
    expect(shareOf("5", "0")).toBe(0);
  });

  it("show more digits the smaller the amount", () => {
    expect(digitsFor("131.219733")).toBe(2);
    expect(digitsFor("0")).toBe(2);
    expect(digitsFor("0.013388")).toBe(4);
    expect(digitsFor("-0.000000001")).toBe(9);
  });
});
