# Verifies a message of 10x Links with the package standardwebhooks: pip install standardwebhooks
from standardwebhooks import Webhook


def verify(secret, headers, body):
    """The message, if it was signed with the secret (whsec_…) within the last five minutes; raises otherwise.

    body is the body as it came, before any JSON parser; headers have lower-case names.
    """
    # Act once for each id: a message may come again.
    return Webhook(secret).verify(body, headers)
