// StorageHiredis
