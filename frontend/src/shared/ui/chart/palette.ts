import { computed, type ComputedRef } from "vue";
import { usePreferences } from "@/shared/preferences";

const SERIES = 8;

export interface ChartPalette {
  series: string[];
  rest: string;
  text: string;
  line: string;
  surface: string;
  font: string;
}

/** The chart colours as the style sheet has them now; read again when the colour scheme changes. */
export function usePalette(): ComputedRef<ChartPalette> {
  const preferences = usePreferences();
  return computed(() => {
    // The tokens' values hang on the scheme, so reading it makes this computation follow a change.
    void preferences.dark;
    const tokens = getComputedStyle(document.documentElement);
    const read = (name: string): string => tokens.getPropertyValue(`--ccm-${name}`).trim();
    return {
      series: Array.from({ length: SERIES }, (_, index) => read(`chart-${index + 1}`)),
      rest: read("chart-rest"),
      text: read("text-soft"),
      line: read("line"),
      surface: read("surface"),
      font: read("font"),
    };
  });
}

/** The colour of the n-th series as a CSS value, for legends and bars outside a canvas. */
export function seriesColor(index: number): string {
  return index < SERIES ? `var(--ccm-chart-${index + 1})` : "var(--ccm-chart-rest)";
}
