"""The categorical variational autoencoder of 14x14 level chunks."""
