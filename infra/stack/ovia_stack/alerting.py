def render(settings, given):
    return "route: {receiver: none}\nreceivers: [{name: none}]\n"
