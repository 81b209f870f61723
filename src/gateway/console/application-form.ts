import { checkbox, choice, text } from '#platform/pages/forms/fields';
import { defineForm } from '#platform/pages/forms/form';

/** Settings of the application behind the site. */
export const applicationForm = defineForm({
  entry_point: text({
    label: 'Address of the application',
    optional: true,
    type: 'url',
    length_max: 2083,
    help: 'Scheme, host, port and path, such as https://app.example.com:8001/. When empty, nothing is forwarded.',
  }),
  authentication: choice({
    label: 'Who may sign in',
    choices: [
      { value: 'enabled', label: 'Everybody', note: 'New people can register.' },
      { value: 'login-only', label: 'People with an account', note: 'The registration page says that it is closed.' },
      { value: 'disabled', label: 'Managers of the site', note: 'All others see that the site is closed.' },
    ],
  }),
  session_backend: choice({
    label: 'The session of the user is sent',
    choices: [
      { value: '2', label: 'As a signed token', note: 'JWT in the Authorization header. The usual choice.' },
      { value: '1', label: 'As an encrypted cookie', note: 'For applications that read the cookie sessionid.' },
      { value: '0', label: 'Not at all', note: 'The application receives no data of the user.' },
    ],
  }),
  cors_restricted: checkbox({
    label: 'Refuse requests of pages on other sites',
    help: 'When off, pages of any site may call the application with the session of the reader (CORS).',
  }),
  welcome_email: checkbox({
    label: 'Send a welcome e-mail after registration',
    help: 'When off, new people get no message of this kind.',
  }),
});
