"""Shop: products, prices, orders, and the ways orders come in.

The business's own shop sells; this room knows what was sold. Orders come in through signed webhooks
(`webhooks`), a CSV file (`importing`) or the demo checkout, and all three call the same verbs
(`ordering`). Each step of an order is a moment, told once as a fact; whatever order the news
arrives in, the order ends up the same.
"""
