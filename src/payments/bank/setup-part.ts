import { Type } from 'typebox';

/** What the processor says about the key and the endpoints of the site. Has no secret. */
export const SetupPart = Type.Object({
  /** Why there is no report of now; empty if there is one. */
  detail: Type.String(),
  /** Instant of the report; null without one. */
  checked_at: Type.Union([Type.String(), Type.Null()]),
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
