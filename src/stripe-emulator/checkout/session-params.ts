import { boolean, choice, free, hash, integer, list, metadata, required, text } from '../engine/index.ts';

const URL_MAX = 5_000;
const LINES_MAX = 100;

const price_data = hash({
  currency: required(text(3)),
  unit_amount: required(integer(0)),
  product_data: required(
    hash({
      name: required(text(1_500)),
      description: text(),
      images: free(),
      metadata: metadata(),
      tax_code: text(40),
    }),
  ),
  tax_behavior: text(20),
});

/** Parameters of `POST /v1/checkout/sessions`. Those that change nothing here are accepted as they are. */
export const session_params = {
  mode: required(choice('payment', 'setup', 'subscription')),
  ui_mode: choice('hosted_page', 'embedded_page', 'elements', 'form'),
  success_url: text(URL_MAX),
  cancel_url: text(URL_MAX),
  return_url: text(URL_MAX),
  client_reference_id: text(200),
  currency: text(3),
  customer: text(255),
  customer_creation: choice('always', 'if_required'),
  customer_email: text(512),
  customer_update: free(),
  expires_at: integer(0),
  line_items: list(hash({ price_data, price: text(255), quantity: integer(1), metadata: metadata() }), LINES_MAX),
  locale: text(20),
  metadata: metadata(),
  payment_intent_data: hash({
    application_fee_amount: integer(0),
    capture_method: choice('automatic', 'automatic_async', 'manual'),
    description: text(1_000),
    metadata: metadata(),
    receipt_email: text(512),
    setup_future_usage: choice('off_session', 'on_session'),
    statement_descriptor_suffix: text(22),
  }),
  setup_intent_data: hash({ description: text(1_000), metadata: metadata() }),
  submit_type: choice('auto', 'book', 'donate', 'pay', 'subscribe'),
  adaptive_pricing: free(),
  allow_promotion_codes: boolean(),
  allowed_payment_method_types: free(),
  automatic_tax: free(),
  billing_address_collection: choice('auto', 'required'),
  consent_collection: free(),
  custom_text: free(),
  excluded_payment_method_types: free(),
  payment_method_options: free(),
  phone_number_collection: free(),
  saved_payment_method_options: free(),
};
