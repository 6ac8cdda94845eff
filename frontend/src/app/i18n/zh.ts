import type { en } from "./en";
import type { Translation } from "@/shared/i18n";

export const zh: Translation<typeof en> = {
  app: {
    name: "ccmanage",
    skip: "跳到主要内容",
    navigation: "主导航",
    openMenu: "打开菜单",
    account: "账户：{name}",
    theme: "配色",
    themes: { system: "跟随系统", light: "浅色", dark: "深色" },
    language: "语言",
    workspaceArea: "工作区",
    adminArea: "系统管理",
    adminOverview: "系统总览",
    notFound: "页面不存在",
    notFoundText: "地址可能已变更，或输入有误。",
    home: "返回总览",
    unreachable: "服务器没有响应",
    unreachableText: "门户自身不保存任何数据。服务器恢复后，一切照常。",
  },
};
