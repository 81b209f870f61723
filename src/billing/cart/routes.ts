import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { User } from '#accounts';
import { commonProblems, invalidInput } from '#kernel/problem';
import type { App } from '#platform/http/app';
import { addToCart, type AddedItem } from './add-to-cart.ts';
import { clearCart } from './clear-cart.ts';
import { findCartOwner, openCart } from './open-cart.ts';
import { decodeText } from '#platform/csv/read-csv';
import { type ItemOffer, describeOffer } from '../quotes/index.ts';
import { presentCartItem, describeRemovedCodes } from './present-cart.ts';
import { billingProblems } from '../problems.ts';
import { redeemCode } from './redeem-code.ts';
import { removeCoupon } from './remove-coupon.ts';
import {
  CartBodySchema,
  CartCouponSchema,
  CartItemSchema,
  CartQuerySchema,
  RedeemBodySchema,
  RemoveCouponQuerySchema,
  UploadSchema,
} from './schemas.ts';
import { uploadCart } from './upload-cart.ts';

const access = { kind: 'public' } as const;
const redeemProblems = [
  billingProblems.cart_full,
  billingProblems.coupon_useless,
  billingProblems.claim_used,
  billingProblems.claim_expired,
  billingProblems.claim_unpaid,
  billingProblems.claim_refunded,
  billingProblems.claim_revoked,
  commonProblems.credentials_required,
];

const addProblems = [billingProblems.cart_full, billingProblems.currency_mixed];

/** Routes of the caller's own cart; a browser without a signed-in user has one too. */
export function cartRoutes(app: App): void {
  itemRoutes(app);
  codeRoutes(app);
  uploadRoute(app);
}

function itemRoutes(app: App): void {
  const Added = Type.Union([CartItemSchema, Type.Array(CartItemSchema)]);
  app.post(
    '/api/cart',
    {
      config: { access, problems: addProblems },
      schema: {
        tags: ['billing'],
        summary: 'Adds an item to the cart',
        description:
          'Adds a plan, or uses of a plan, to the cart of the caller. A cart of a visitor moves to the account at sign-in. `sync_on` buys for another profile or person.',
        body: CartBodySchema,
        response: { 200: Added, 201: Added },
      },
    },
    async (request, reply) => {
      const wishes = Array.isArray(request.body) ? request.body : [request.body];
      const added = await addToCart(request.ctx, await findCartOwner(request, reply), wishes);
      const items = presentAdded(added);
      const [first] = items;
      reply.status(added.some((each) => each.is_new) ? 201 : 200);
      return Array.isArray(request.body) || !first ? items : first;
    },
  );

  app.delete(
    '/api/cart',
    {
      config: { access },
      schema: {
        tags: ['billing'],
        summary: 'Removes items from the cart',
        description: 'Removes one plan, or all items when none is named, from the cart of the caller.',
        querystring: CartQuerySchema,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const { owner } = await openCart(request, reply);
      await clearCart(request.ctx, owner, request.query);
      return reply.status(204).send(null);
    },
  );
}

function codeRoutes(app: App): void {
  app.post(
    '/api/cart/redeem',
    {
      config: { access, problems: redeemProblems },
      schema: {
        tags: ['billing'],
        summary: 'Redeems a discount code or the code of a prepaid seat',
        description:
          'Applies a coupon to the items of the cart, and to plans that are added later. The code of a prepaid seat puts the seat into the cart of the signed-in user.',
        body: RedeemBodySchema,
        response: { 200: CartCouponSchema },
      },
    },
    async (request, reply) => {
      const { owner, user } = await openCart(request, reply);
      const { detail, offers } = await redeemCode(request.ctx, owner, request.body.code);
      return { detail, items: presentOffers(offers, user) };
    },
  );

  app.delete(
    '/api/cart/redeem',
    {
      config: { access },
      schema: {
        tags: ['billing'],
        summary: 'Removes coupons from the cart',
        description: 'Removes all coupons, or the one with `code`, and forgets a code entered before a plan was added.',
        querystring: RemoveCouponQuerySchema,
        response: { 200: CartCouponSchema },
      },
    },
    async (request, reply) => {
      const { owner, user } = await openCart(request, reply);
      const { codes, offers } = await removeCoupon(request.ctx, owner, request.query.code);
      return { detail: describeRemovedCodes(codes), items: presentOffers(offers, user) };
    },
  );
}

function uploadRoute(app: App): void {
  app.post(
    '/api/cart/:plan/upload',
    {
      config: { access, problems: addProblems },
      schema: {
        tags: ['billing'],
        summary: 'Adds one item for each person of a CSV file',
        description:
          'Adds the plan once for each person of a CSV file with first name, last name and e-mail address, without a header line. Lines with an error are listed and add nothing.',
        consumes: ['multipart/form-data'],
        params: Type.Object({ plan: Type.String({ maxLength: 50 }) }),
        response: { 200: UploadSchema, 201: UploadSchema },
      },
    },
    async (request, reply) => {
      const text = await readUpload(request);
      const owner = await findCartOwner(request, reply);
      const outcome = await uploadCart(request.ctx, owner, request.params.plan, text);
      reply.status(outcome.created.length > 0 ? 201 : 200);
      return {
        created: presentAdded(outcome.created),
        updated: presentAdded(outcome.updated),
        failed: outcome.failed,
      };
    },
  );
}

function presentAdded(added: readonly AddedItem[]) {
  return added.map((each) => presentCartItem(each));
}

function presentOffers(offers: readonly ItemOffer[], user: User | null) {
  return offers.map((offer) => {
    const { item, plan, trial } = offer;
    return presentCartItem({ item, plan, user, trial_available: trial !== null, detail: describeOffer(offer) });
  });
}

async function readUpload(request: FastifyRequest): Promise<string> {
  if (!request.isMultipart()) throw invalidInput({ file: ['Send the file as multipart/form-data.'] });
  const bytes = await readFile(request).catch((error: unknown) => {
    if (error instanceof Error && 'statusCode' in error) throw error; // a size limit of the multipart parser
    throw invalidInput({ file: ['The file is incomplete. Upload it again.'] });
  });
  if (bytes === null) throw invalidInput({ file: ['This field is required.'] });
  return decodeText(bytes);
}

async function readFile(request: FastifyRequest): Promise<Buffer | null> {
  const part = await request.file();
  return part ? part.toBuffer() : null;
}
