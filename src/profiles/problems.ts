import { defineProblems } from '#kernel/problem';

/** Problems of the profiles room. Codes are permanent. */
export const profileProblems = defineProblems({
  password_required: {
    status: 403,
    title: 'Choose a password before you continue.',
    help: 'Follow the link in the e-mail that was sent when the account was created, or request a new link.',
  },
  otp_required: { status: 403, title: 'One of your roles requires a second factor. Set it up before you continue.' },
  terms_unsigned: { status: 403, title: 'Agree to the terms of use before you continue.' },
  profile_unknown: { status: 404, title: 'There is no such profile.' },
  subscriber_details_protected: {
    status: 403,
    title: 'Only the subscriber can change the name and the contact details of its profile.',
  },
  picture_too_large: { status: 413, title: 'The picture is too large. Send a file of at most 1 MB.' },
  picture_unreadable: {
    status: 415,
    title: 'The file is not a picture that can be read. Send a PNG, JPEG, GIF or WebP file.',
  },
  credit_left: {
    status: 409,
    title: 'The profile has credit that would be lost. Nothing was deleted.',
    help: 'Use the credit, ask the provider to pay it out, or repeat the request with force=1.',
  },
  profile_protected: { status: 403, title: 'This profile is part of the site and cannot be changed in this way.' },
  registration_disabled: { status: 403, title: 'Registration is closed on this site.' },
  shadow_profiles_limited: {
    status: 403,
    title: 'Only managers of the broker or of a provider can create profiles for others.',
  },
  user_unknown: { status: 404, title: 'There is no such user.' },
  role_type_unknown: { status: 404, title: 'There is no such role type.' },
  role_type_protected: { status: 403, title: 'This role type cannot be deleted.' },
  role_type_global: {
    status: 403,
    title: 'Only managers of the broker can change a role type that all profiles share.',
  },
  role_type_in_use: {
    status: 409,
    title: 'Users have roles of this type.',
    help: 'Add force=1 to delete these roles too.',
  },
  role_unknown: { status: 404, title: 'There is no such role.' },
  role_key_unknown: {
    status: 404,
    title: 'This invitation does not exist, has expired or is for another user.',
  },
  role_already_held: {
    status: 409,
    title: 'This user already has a role on the profile.',
    help: 'Remove the present role first.',
  },
  role_already_offered: {
    status: 409,
    title: 'This user is already invited with another role.',
    help: 'Accept or decline the invitation first.',
  },
  role_acceptance_personal: { status: 403, title: 'An invitation can only be accepted by the invited user.' },
  email_unverified: { status: 403, title: 'Verify the e-mail address that this invitation was sent to first.' },
  last_manager: { status: 409, title: 'A profile must keep at least one manager.' },
  agreement_unknown: { status: 404, title: 'There is no such agreement.' },
  agreement_protected: { status: 400, title: 'The terms of use cannot be deleted.' },
  agreement_declined: { status: 400, title: 'You must agree to continue.' },
});
