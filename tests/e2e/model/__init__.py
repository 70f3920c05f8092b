"""What an import must do, said a second time: plain Python, written from the contract, knowing nothing of the services.

`product` and `company` say what becomes of a document when a row comes; `history` plays them in the order the rows were
sent; `generate` makes the rows. tests/e2e/test_model.py compares what the services store with what this says."""
