export { default as PageHeader } from "./PageHeader.vue";
export { default as PanelCard } from "./PanelCard.vue";
export { default as SideDrawer } from "./SideDrawer.vue";
export { default as StatTile } from "./StatTile.vue";
