export { announce, announcement } from "./announcer";
export { randomToken } from "./randomToken";
export { useAction, type ActionOptions } from "./useAction";
export { useCopy } from "./useCopy";
export { useErrorText } from "./useErrorText";
export { useFormat } from "./useFormat";
export { PAGE_SIZES, usePages, type PageRequest, type Pages } from "./usePages";
export { useSearchText } from "./useSearchText";
