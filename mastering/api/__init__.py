"""What the API answers of masters, their versions, and what is made of them."""
