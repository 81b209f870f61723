import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

/** Data of one page, by the state that it shows. */
export type PageSamples<Data> = Readonly<Record<string, Data> & { typical: Data }>;

/** The caller as which the gallery shows a page: it decides the navigation around the page. */
export const viewers = ['visitor', 'subscriber', 'provider', 'broker'] as const;
export type Viewer = (typeof viewers)[number];

/** The viewer of every sample of a page, or of single samples by their state. */
export type SampleViewers = Viewer | Readonly<Record<string, Viewer>>;

/** A page of the site: its template and the data that the template prints. */
export interface PageType<Data extends object> {
  /** Name below `templates/` of the theme, such as `saas/pricing.html`. */
  readonly template: string;
  readonly schema: TSchema;
  /** Data for each state of the page (typical, empty, error, long …); every sample is rendered by a test. */
  readonly samples: PageSamples<Data>;
  /** Who looks at the samples in the gallery; by default the usual reader of the template's folder. */
  readonly as: SampleViewers | null;
  /** @throws Error that names each member that does not fit the schema */
  check(data: object): void;
}

/** A page type of any data, as rooms list them. */
export type AnyPageType = PageType<object>;

/**
 * Defines a page. The process does not start when the theme has no such template.
 *
 * `samples.typical` is required; a page with a list also has `empty`, a page with a form `error`.
 */
export function definePage<Schema extends TSchema>(
  template: string,
  schema: Schema,
  samples: PageSamples<Static<Schema> & object>,
  { as = null }: { as?: SampleViewers | null } = {},
): PageType<Static<Schema> & object> {
  const validator = Compile(schema);
  const check = (data: object): void => {
    if (validator.Check(data)) return;
    const faults = validator.Errors(data).map(({ instancePath, message }) => `${instancePath || '/'} ${message}`);
    throw new Error(`the data of ${template} does not fit its schema: ${faults.slice(0, 10).join('; ')}`);
  };
  return { template, schema, samples, as, check };
}
