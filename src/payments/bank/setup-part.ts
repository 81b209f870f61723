import { Type } from 'typebox';

/** What the processor says about the key and the endpoints of the site. Has at most the ends of keys. */
export const SetupPart = Type.Object({
  /** Why there is no report of now; empty if there is one. */
  detail: Type.String(),
  /** Instant of the report; null without one. */
  checked_at: Type.Union([Type.String(), Type.Null()]),
  /** The keys in use; null for a reader who may not replace them. */
  keys: Type.Union([
    Type.Object({
      /** Prefix and last four characters. */
      secret_key: Type.String(),
      publishable_key: Type.String(),
      /** Instant since which they replace those of the settings; null for those of the settings. */
      set_at: Type.Union([Type.String(), Type.Null()]),
    }),
    Type.Null(),
  ]),
  report: Type.Union([
    Type.Object({
      /** One sentence for each thing that is missing or wrong. */
      faults: Type.Array(Type.String()),
      /** `hint`: an address that belongs to the fact, or empty. */
      facts: Type.Array(Type.Object({ label: Type.String(), value: Type.String(), hint: Type.String() })),
    }),
    Type.Null(),
  ]),
});
