import type { RouteRecordRaw } from "vue-router";
import * as accounts from "@/features/accounts";
import * as audit from "@/features/audit";
import * as creditRequests from "@/features/creditRequests";
import * as credits from "@/features/credits";
import * as email from "@/features/email";
import * as gateways from "@/features/gateways";
import * as keys from "@/features/keys";
import * as members from "@/features/members";
import * as notifications from "@/features/notifications";
import * as overview from "@/features/overview";
import * as packages from "@/features/packages";
import * as people from "@/features/people";
import * as pricing from "@/features/pricing";
import * as privacy from "@/features/privacy";
import * as quarantine from "@/features/quarantine";
import * as settings from "@/features/settings";
import * as subscriptions from "@/features/subscriptions";
import * as security from "@/features/security";
import * as usage from "@/features/usage";
import * as vouchers from "@/features/vouchers";
import * as workspaces from "@/features/workspaces";
import type { FeatureMessages } from "@/shared/i18n";

interface Feature {
  routes: RouteRecordRaw[];
  messages: FeatureMessages;
}

/** Every room of the house, once. */
export const features: readonly Feature[] = [
  overview,
  usage,
  keys,
  credits,
  notifications,
  subscriptions,
  creditRequests,
  vouchers,
  accounts,
  security,
  workspaces,
  members,
  people,
  gateways,
  packages,
  pricing,
  privacy,
  quarantine,
  audit,
  email,
  settings,
];
