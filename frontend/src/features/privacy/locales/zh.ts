import type { en } from "./en";
import type { Translation } from "@/shared/i18n";

export const zh: Translation<typeof en> = {
  privacy: {
    title: "隐私",
    lead: "您的数据：获取副本、查看同意记录、注销账号。",
    export: {
      title: "您的数据副本",
      lead: "与您有关的一切都在一个 ZIP 中，含 JSON 与 CSV。准备好后会通过邮件通知您。",
      ask: "生成副本",
      download: "下载",
      progress: "已写入 {done} / {total} 部分",
      ready: "可下载至",
      failed: "副本生成失败，请重新申请。",
      states: { waiting: "等待中", building: "生成中", ready: "已就绪", failed: "失败", expired: "已删除" },
    },
    consents: {
      title: "您的同意记录",
      lead: "每次答复都会留存。",
      needed: "使用账号所必需",
      never: "尚未询问",
    },
    deletion: {
      title: "注销账号",
      lead: "密钥将失效，个人数据将被清除。用量汇总会保留，但不含您的姓名。",
      ask: "注销我的账号",
      confirm: "您有七天时间可以改变主意。在此之前一切照常。",
      due: "您的账号将于以下时间注销：",
      keep: "保留我的账号",
      soleOwner: "您是以下工作区的唯一所有者，请先移交或关闭：",
    },
    processors: {
      title: "谁在处理您的数据",
      lead: "为本系统运营者提供服务的公司。",
      name: "名称",
      purpose: "用途",
      data: "涉及数据",
      location: "所在地",
      safeguards: "保障措施",
      none: "没有其他方",
      noneText: "运营者未列出任何一方。",
    },
  },
};
