"""The nouns: values checked on construction; numpy and the standard library only, no input or output."""
