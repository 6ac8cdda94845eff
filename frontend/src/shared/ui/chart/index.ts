export { default as BarList, type BarListItem } from "./BarList.vue";
export { default as ChartFigure } from "./ChartFigure.vue";
export { default as StackedBars } from "./StackedBars.vue";
export { seriesColor } from "./palette";
export { REST_ID, stack, type Cell, type ChartSeries, type StackedData } from "./series";
