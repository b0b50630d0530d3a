"""What administrators read of what happened: sign-ins, retrieval, sending, the audit log.

Never the content of mail, and of other people's servers no more than their names and our words
for what they did: no subject, no folder, no address of somebody written to, no line of a server.
"""
