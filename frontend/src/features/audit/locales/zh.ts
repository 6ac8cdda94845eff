import type { en } from "./en";
import type { Translation } from "@/shared/i18n";

export const zh: Translation<typeof en> = {
  audit: {
    title: "审计日志",
    lead: "谁改了什么。与变更本身一同写入。",
    action: "操作",
    actionFilter: "完整操作名，例如 keys.revoke",
    actor: "操作者",
    anyActor: "所有人",
    system: "系统",
    subject: "对象",
    workspace: "工作区",
    request: "请求",
    at: "时间",
    details: "详情",
    books: {
      title: "账目核对",
      lead: "事件、汇总、账本、额度与余额必须一致。审计在线上数据库中加以验证。",
      checked: "最近核对",
      full: "最近完整核对",
      states: { clean: "正常", broken: "异常", unknown: "尚未核对" },
      invariants: "始终成立的规则",
      invariant: "规则",
      rows: "核对行数",
      broken: "异常数",
      findings: "发现的问题",
      findingsLead: "违反规则的数据行，每行一条。",
      notYet: "尚未进行核对",
      notYetText: "系统会按计划运行；执行 `ccmanage audit` 可立即核对。",
      names: {
        I1: "无一遗漏",
        I2: "事件唯一",
        I3: "余额与账本一致",
        I4: "额度不越界",
        I5: "扣费与事件一致",
        I6: "汇总与事件一致",
        I7: "条目只增不改",
      },
    },
  },
};
