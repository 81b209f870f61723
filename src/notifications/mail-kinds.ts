/** Groups of e-mails, in the order of pages. */
export const mail_groups = [
  'Your account',
  'Profiles and roles',
  'Subscriptions',
  'Orders and payments',
  'The site',
] as const;
type MailGroup = (typeof mail_groups)[number];

/** An e-mail that the site sends, in words. */
export interface MailKind {
  /** Name of the template below notification/, and of the event in preferences. */
  slug: string;
  title: string;
  /** What happened before it is sent, as a sentence. */
  trigger: string;
  group: MailGroup;
}

type Row = [slug: string, group: MailGroup, title: string, trigger: string];

// oxfmt-ignore
const rows: readonly Row[] = [
  ['user_verification',             'Your account',        'Code or link',                   'A person proves an e-mail address or signs in with a code.'],
  ['user_welcome',                  'Your account',        'Welcome',                        'A person registered.'],
  ['user_reset_password',           'Your account',        'Link to a new password',         'A person asked for a way back into the account.'],
  ['user_password_changed',         'Your account',        'Password changed',               'The password of an account was set, replaced or removed.'],
  ['user_email_changed',            'Your account',        'E-mail address changed',         'Another e-mail address was set; sent to the former one.'],
  ['user_credentials_changed',      'Your account',        'Keys or second factor changed',  'An API key, an SSH key, the authenticator or the phone number of an account changed.'],
  ['user_archived',                 'Your account',        'Account deleted',                'An account was deleted; sent to its former address.'],
  ['role_grant_created',            'Profiles and roles',  'Invitation to a profile',        'A manager invites a person to a profile or gives a role.'],
  ['role_grant_accepted',           'Profiles and roles',  'Invitation accepted',            'A person accepted the invitation to a profile.'],
  ['role_request_created',          'Profiles and roles',  'Request for a role',             'A person asks to join a profile.'],
  ['profile_updated',               'Profiles and roles',  'Profile changed',                'Contact details of a profile were changed.'],
  ['subscription_grant_created',    'Subscriptions',       'Invitation to a subscription',   'A provider offers a subscription that the subscriber has to accept.'],
  ['subscription_grant_accepted',   'Subscriptions',       'Subscription accepted',          'A subscriber accepted the subscription that a provider offered.'],
  ['subscription_request_created',  'Subscriptions',       'Request for a subscription',     'A subscriber ordered a plan that the provider has to approve.'],
  ['subscription_request_accepted', 'Subscriptions',       'Subscription approved',          'A provider approved the request for a subscription.'],
  ['subscription_request_expired',  'Subscriptions',       'Request not answered',           'A request for a subscription ended before the provider approved it.'],
  ['subscription_changed',          'Subscriptions',       'Plan or quantity changed',       'The plan or the quantity of a subscription was changed.'],
  ['change_pending',                'Subscriptions',       'Change planned',                 'A change of plan or quantity was planned for the end of the paid period.'],
  ['change_approaching',            'Subscriptions',       'Planned change in seven days',   'A planned change takes effect in seven days.'],
  ['subscription_paused',           'Subscriptions',       'Subscription paused',            'A subscription stands still until it resumes.'],
  ['subscription_resumes_soon',     'Subscriptions',       'Subscription resumes soon',      'A paused subscription resumes in three days.'],
  ['subscription_resumed',          'Subscriptions',       'Subscription resumed',           'A paused subscription runs on.'],
  ['trial_ends_soon',               'Subscriptions',       'Trial ends soon',                'A free trial ends within seven days.'],
  ['trial_ended',                   'Subscriptions',       'Trial ended',                    'A free trial ended without a card on file, and with it the subscription.'],
  ['order_executed',                'Orders and payments', 'Order confirmed',                'An order was placed.'],
  ['charge_updated',                'Orders and payments', 'Receipt, refund or dispute',     'A payment was received, refunded or disputed, or its receipt was asked for.'],
  ['inquiry_opened',                'Orders and payments', 'Question of a bank',             'The bank of a customer asks about a payment and waits for an answer.'],
  ['fraud_warned',                  'Orders and payments', 'Warning of fraud',               'The bank of a customer warns that a payment is probably fraudulent.'],
  ['card_updated',                  'Orders and payments', 'Payment card changed',           'The payment card of a profile was changed.'],
  ['card_removed',                  'Orders and payments', 'Payment card removed',           'The payment processor, or a person there, removed the payment card of a profile.'],
  ['payment_link_sent',             'Orders and payments', 'Link that pays an order',        'A provider sends the payment link of an unpaid order.'],
  ['payment_link_unpaid',           'Orders and payments', 'Order still not paid',           'An order whose payment link was mailed is not paid after some days.'],
  ['period_sales_report_created',   'Orders and payments', 'Weekly sales report',            'A week of a provider ended.'],
  ['payment_returned',              'Orders and payments', 'Payment returned',               'A payment that no order wants goes back to its payer.'],
  ['payout_failed',                 'Orders and payments', 'Payout failed',                  'A payout did not reach the bank account of a provider.'],
  ['account_disconnected',          'Orders and payments', 'Payment account disconnected',   'The account of a provider at the payment processor is no longer connected.'],
  ['renewal_charge_failed',         'Orders and payments', 'Renewal not paid',               'The charge of a renewal was declined, or no card is on file.'],
  ['payment_action_required',       'Orders and payments', 'Payment to confirm',             'The bank wants the payer to confirm the charge of a renewal.'],
  ['renewal_recovered',             'Orders and payments', 'Renewal paid',                   'What was due after a failed charge is paid.'],
  ['payment_method_absent',         'Orders and payments', 'Payment card missing',           'A subscription renews soon, and no card is on file.'],
  ['card_expires_soon',             'Orders and payments', 'Payment card expires',           'A subscription renews soon, and the card on file expires before.'],
  ['subscription_ended_unpaid',     'Subscriptions',       'Ended or suspended unpaid',      'A subscription ended, or was suspended, because it was not paid.'],
  ['expires_soon',                  'Subscriptions',       'Subscription ends',              'A subscription that is not renewed automatically ends soon.'],
  ['subscription_upgrade',          'Subscriptions',       'One-time subscription ends',     'A subscription that cannot be renewed ends soon.'],
  ['quota_reached',                 'Subscriptions',       'Free uses used up',              'The last free use of a period was taken.'],
  ['use_charge_limit_crossed',      'Subscriptions',       'Limit of uses reached',          'The uses of a period reached their limit.'],
  ['processor_setup_error',         'The site',            'Payment processor unreachable',  'An automatic payment could not be made for a day.'],
  ['payment_refused',               'The site',            'Payments refused',               'The payment processor refuses payments for a reason that no card resolves; at most once an hour.'],
  ['processor_key_refused',         'The site',            'Payment key refused',            'The payment processor refuses the key of the site; at most once an hour.'],
  ['processor_keys_replaced',       'The site',            'Payment keys replaced',          'The keys with which the payment processor knows the site were replaced.'],
  ['claim_code_generated',          'Orders and payments', 'Seat in a group',                'A person is given a seat of a plan that another profile pays.'],
  ['user_contact',                  'The site',            'Message from the contact form',  'A visitor sent the contact form.'],
  ['user_registered',               'The site',            'New account',                    'A person registered.'],
  ['user_activated',                'The site',            'Account activated',              'An invited person set a password for the first time.'],
];

/** Every e-mail that the site sends, in the order of pages. */
export const mail_kinds: readonly MailKind[] = rows.map(([slug, group, title, trigger]) => ({
  slug,
  group,
  title,
  trigger,
}));

/** Returns the groups that have an e-mail among these, with those e-mails. */
export function groupMailKinds<Kind extends MailKind>(kinds: readonly Kind[]): { title: string; kinds: Kind[] }[] {
  return mail_groups
    .map((title) => ({ title, kinds: kinds.filter(({ group }) => group === title) }))
    .filter(({ kinds: some }) => some.length > 0);
}
