/** The same keys, other words: a missing or surplus key of a translation is a type error. */
export type Translation<T> = { [K in keyof T]: T[K] extends string ? string : Translation<T[K]> };

export interface FeatureMessages<T = object> {
  en: T;
  zh: Translation<T>;
}
