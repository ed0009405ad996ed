"""Who is signed in: a sealed cookie, and forms nobody else can send."""
