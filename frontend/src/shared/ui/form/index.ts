export { default as FormDialog } from "./FormDialog.vue";
export { default as ReasonDialog } from "./ReasonDialog.vue";
export { default as SearchField } from "./SearchField.vue";
export { default as SegmentedControl } from "./SegmentedControl.vue";
export { default as SelectField } from "./SelectField.vue";
export { useRules, isCreditAmount } from "./rules";
