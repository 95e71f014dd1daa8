import java.io.ByteArrayInputStream;
import java.io.FileOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import javax.xml.crypto.dsig.Reference;
import javax.xml.crypto.dsig.SignedInfo;
import javax.xml.crypto.dsig.Transform;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMSignContext;
import javax.xml.crypto.dsig.spec.C14NMethodParameterSpec;
import javax.xml.crypto.dsig.spec.ExcC14NParameterSpec;
import javax.xml.crypto.dsig.spec.TransformParameterSpec;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/** Signs the assertions of a folder of jobs that make.py wrote. */
public class Sign {
    static final String SAML = "urn:oasis:names:tc:SAML:2.0:assertion";

    public static void main(String[] args) throws Exception {
        for (int number = 0; number < Integer.parseInt(args[1]); number++) {
            List<String> job = Files.readAllLines(Path.of(args[0], number + ".job"));
            sign(Path.of(args[0], number + ".xml"), job, Path.of(args[0], number + ".out"));
        }
    }

    static void sign(Path in, List<String> job, Path out) throws Exception {
        DocumentBuilderFactory documents = DocumentBuilderFactory.newInstance();
        documents.setNamespaceAware(true);
        Document document = documents.newDocumentBuilder().parse(new ByteArrayInputStream(Files.readAllBytes(in)));
        Element assertion = (Element) document.getElementsByTagNameNS(SAML, "Assertion").item(0);
        assertion.setIdAttribute("ID", true);
        XMLSignatureFactory factory = XMLSignatureFactory.getInstance("DOM");
        String prefixes = job.size() > 5 ? job.get(5) : "";
        C14NMethodParameterSpec list = prefixes.isEmpty() ? null : new ExcC14NParameterSpec(Arrays.asList(prefixes.split(" ")));
        Reference reference = factory.newReference("#" + job.get(0), factory.newDigestMethod(job.get(4), null),
            List.of(factory.newTransform(Transform.ENVELOPED, (TransformParameterSpec) null),
                factory.newTransform("http://www.w3.org/2001/10/xml-exc-c14n#", list)), null, null);
        SignedInfo info = factory.newSignedInfo(
            factory.newCanonicalizationMethod("http://www.w3.org/2001/10/xml-exc-c14n#", (C14NMethodParameterSpec) null),
            factory.newSignatureMethod(job.get(3), null), List.of(reference));
        DOMSignContext context = new DOMSignContext(key(job.get(1), job.get(2)), assertion, second(assertion));
        factory.newXMLSignature(info, null).sign(context);
        try (FileOutputStream file = new FileOutputStream(out.toFile())) {
            TransformerFactory.newInstance().newTransformer().transform(new DOMSource(document), new StreamResult(file));
        }
    }

    static org.w3c.dom.Node second(Element assertion) {
        return assertion.getElementsByTagNameNS(SAML, "Issuer").item(0).getNextSibling();
    }

    static PrivateKey key(String file, String algorithm) throws Exception {
        String pem = Files.readString(Path.of(file)).replaceAll("-----[A-Z ]+-----", "").replaceAll("\\s", "");
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem)));
    }
}
