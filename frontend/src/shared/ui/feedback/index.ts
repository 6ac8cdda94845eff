export { default as EmptyState } from "./EmptyState.vue";
export { default as ErrorNote } from "./ErrorNote.vue";
export { default as LiveRegion } from "./LiveRegion.vue";
export { default as LoadState } from "./LoadState.vue";
