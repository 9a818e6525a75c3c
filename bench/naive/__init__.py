"""The same operation as one builds it from defaults, kept to be counted beside ours: Powertools'
idempotency and validation as they come, a pynamodb model read and saved in every step, a Standard
workflow with a transition for every step, KMS wherever card data is touched. It runs nowhere."""
