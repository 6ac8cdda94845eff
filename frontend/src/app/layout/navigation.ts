import {
  ChatDotSquare,
  Discount,
  Bell,
  Calendar,
  Coin,
  Collection,
  Connection,
  DataAnalysis,
  DocumentChecked,
  EditPen,
  Key,
  Memo,
  Message,
  Monitor,
  Odometer,
  Operation,
  Present,
  PriceTag,
  Setting,
  Tickets,
  User,
  UserFilled,
  WarnTriangleFilled,
} from "@element-plus/icons-vue";
import type { Component } from "vue";

export interface NavigationItem {
  to: string;
  /** Key of its words. */
  label: string;
  icon: Component;
}

export interface NavigationGroup {
  label: string;
  items: NavigationItem[];
  admin?: boolean;
}

export const navigation: readonly NavigationGroup[] = [
  {
    label: "app.workspaceArea",
    items: [
      { to: "/", label: "overview.title", icon: Odometer },
      { to: "/usage", label: "usage.title", icon: DataAnalysis },
      { to: "/keys", label: "keys.title", icon: Key },
      { to: "/credits", label: "credits.title", icon: Coin },
      { to: "/plan", label: "subscriptions.plan", icon: Tickets },
      { to: "/members", label: "members.title", icon: UserFilled },
      { to: "/alerts", label: "notifications.alerts", icon: Bell },
      { to: "/webhooks", label: "notifications.webhooks.title", icon: Message },
      { to: "/workspace", label: "workspaces.settings.title", icon: Setting },
    ],
  },
  {
    label: "app.adminArea",
    admin: true,
    items: [
      { to: "/admin", label: "app.adminOverview", icon: Monitor },
      { to: "/admin/workspaces", label: "workspaces.title", icon: Collection },
      { to: "/admin/users", label: "accounts.users.title", icon: User },
      { to: "/admin/gateways", label: "gateways.title", icon: Connection },
      { to: "/admin/webhooks", label: "notifications.webhooks.adminTitle", icon: Message },
      { to: "/admin/packages", label: "packages.title", icon: Present },
      { to: "/admin/subscriptions", label: "subscriptions.title", icon: Calendar },
      { to: "/admin/vouchers", label: "vouchers.title", icon: Discount },
      { to: "/admin/credit-requests", label: "creditRequests.title", icon: ChatDotSquare },
      { to: "/admin/prices", label: "pricing.title", icon: PriceTag },
      { to: "/admin/quarantine", label: "quarantine.title", icon: WarnTriangleFilled },
      { to: "/admin/mails", label: "email.title", icon: Message },
      { to: "/admin/mail-templates", label: "email.templates.title", icon: EditPen },
      { to: "/admin/settings", label: "settings.title", icon: Operation },
      { to: "/admin/audit-log", label: "audit.title", icon: Memo },
      { to: "/admin/books", label: "audit.books.title", icon: DocumentChecked },
    ],
  },
];
