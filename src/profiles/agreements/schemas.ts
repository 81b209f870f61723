import { Type } from 'typebox';
import { IsoInstant, PageOf } from '#platform/http/schemas';

export const AgreementSchema = Type.Object(
  { slug: Type.String(), title: Type.String(), updated_at: IsoInstant },
  { title: 'Agreement' },
);
export const AgreementPage = PageOf(AgreementSchema);
export const AgreementWithText = Type.Object({
  ...AgreementSchema.properties,
  text: Type.String({ description: 'HTML; empty if the theme has no text for the agreement' }),
});

const Title = Type.String({ minLength: 1, maxLength: 150 });
const UpdatedAt = Type.String({ maxLength: 64, description: 'Signatures before this instant are invalid' });

export const AgreementCreateBody = Type.Object({ title: Title, updated_at: Type.Optional(UpdatedAt) });
export const AgreementUpdateBody = Type.Object({ title: Title, updated_at: UpdatedAt });
export const SignBody = Type.Object({ read_terms: Type.Boolean() });
export const SignReply = Type.Object({ read_terms: Type.Boolean(), last_signed: IsoInstant });

export const DocumentParams = Type.Object({ document: Type.String({ maxLength: 150 }) });
export const AgreementParams = Type.Object({ agreement: Type.String({ maxLength: 150 }) });
